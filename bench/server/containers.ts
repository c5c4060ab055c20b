import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { core } from '../../src/api/generated/types/index.ts'
import { missingPackages } from '../../src/cluster/system-packages.ts'
import { packImage } from '../../src/kubelet/images/pack-image.ts'
import { pauseElf } from '../../src/kubelet/images/pause-elf.ts'
import { Connection } from '../load/connection.ts'
import { hasCondition, waitFor } from '../load/wait-for.ts'
import { type Server, startServer } from './start-server.ts'

/** A container that does nothing until it is told to end. */
export const benchImage = 'docker.io/library/timonel-bench:1'

/** Why nothing can be measured with real containers here; '' where it can. */
export function whyNoContainers(): string {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'real containers need root on Linux'
  const missing = missingPackages()
  return missing.length === 0 ? '' : `real containers need the packages ${missing.join(', ')}`
}

/** Puts the image on the node of a running cluster, once that is there. */
export async function loadBenchImage(server: Server): Promise<void> {
  const connection = await Connection.open(server.credentials)
  await waitFor<core.v1.Node>(connection, '/api/v1/nodes', (node) => hasCondition(node, 'Ready'))
  connection.close()
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
  const archive = await packImage({
    name: benchImage,
    architecture,
    files: [{ path: 'pause', mode: 0o755, content: pauseElf(architecture) }],
    entrypoint: ['/pause'],
  })
  const folder = mkdtempSync(join(tmpdir(), 'timonel-bench-image-'))
  const file = join(folder, 'image.tar')
  writeFileSync(file, archive)
  const program = join(import.meta.dirname, '../../dist/timonel')
  try {
    await promisify(execFile)(program, ['image', 'load', file, '--data-dir', server.folder])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A folder of a cluster that has run once, with the image in place. Whoever asks removes it. */
export async function prepareContainers(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'timonel-bench-'))
  const server = await startServer({ runtime: 'containerd', dataDirectory: folder })
  await loadBenchImage(server)
  await server.stop()
  return folder
}
