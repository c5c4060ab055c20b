import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the build has put the launchers that envtest starts: beside the program. Throws where there is no build. */
export function launcherFolder(): string {
  const folder = join(dirname(fileURLToPath(import.meta.url)), 'envtest')
  if (!existsSync(join(folder, 'kube-apiserver'))) {
    throw new Error(`${folder} is missing: build the program first (npm run build)`)
  }
  return folder
}
