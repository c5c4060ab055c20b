import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Containerd } from '../../kubelet/containerd/containerd.ts'
import { packImage } from '../../kubelet/images/pack-image.ts'
import { pauseElf } from '../../kubelet/images/pause-elf.ts'
import type { CriRuntime } from '../../kubelet/runtime/cri/cri-runtime.ts'

/** What holds a pod's namespaces; packed by us, so that no registry is needed. */
export const sandboxImage = 'timonel.local/pause:1'

const imageArchitecture = process.arch === 'arm64' ? 'arm64' : 'amd64'

/** Imports the sandbox image where it is not there yet. */
export async function ensureSandboxImage(containerd: Containerd, runtime: CriRuntime): Promise<void> {
  const images = await runtime.listImages()
  if (images.some((image) => image.repoTags.includes(sandboxImage))) return
  const folder = await mkdtemp(join(tmpdir(), 'timonel-pause-'))
  try {
    const archive = join(folder, 'pause.tar')
    const image = await packImage({
      name: sandboxImage,
      architecture: imageArchitecture,
      files: [{ path: 'pause', mode: 0o755, content: pauseElf(imageArchitecture) }],
      entrypoint: ['/pause'],
    })
    await writeFile(archive, image)
    await containerd.importImage(archive)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
