import { resolve } from 'node:path'
import { loadImages, realHost, step } from '../../cluster/index.ts'
import { chosenDirectory } from '../chosen-directory.ts'
import { printSteps } from '../print.ts'

export interface ImageLoadOptions {
  readonly dataDir?: string
}

export async function imageLoad(files: readonly string[], options: ImageLoadOptions): Promise<void> {
  const root = chosenDirectory(options.dataDir)
  for (const file of files) {
    await step(
      realHost,
      printSteps(process.stdout),
      `load ${file}`,
      () => loadImages(root, resolve(file)),
      (names) => names.join(', '),
    )
  }
}
