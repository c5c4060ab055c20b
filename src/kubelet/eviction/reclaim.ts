import { podUidLabel } from '../runtime/labels.ts'
import type { Container, Image } from '../runtime/messages.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** Images that no container is made of, and that nobody has asked to keep. */
export function unusedImages(
  images: readonly Image[],
  inUse: ReadonlySet<string>,
  kept: readonly string[],
): readonly Image[] {
  return images.filter(({ id, repoTags, repoDigests, pinned = false }) => {
    const names = [id, ...repoTags, ...repoDigests]
    return !pinned && !names.some((name) => inUse.has(name) || kept.includes(name))
  })
}

/** Wins back what no pod needs: containers of pods that have ended, and unused images. Never rejects. */
export async function reclaim(
  runtime: Runtime,
  endedPods: ReadonlySet<string>,
  kept: readonly string[],
  onError: (error: unknown) => void,
): Promise<void> {
  try {
    const containers = await runtime.listContainers({})
    const left: Container[] = []
    for (const container of containers) {
      if (endedPods.has(container.labels[podUidLabel] ?? '')) await runtime.removeContainer(container.id)
      else left.push(container)
    }
    const inUse = new Set(left.flatMap(({ imageRef, image }) => [imageRef, image?.image ?? '']))
    for (const image of unusedImages(await runtime.listImages(), inUse, kept))
      await runtime.removeImage({ image: image.id })
  } catch (error) {
    onError(error)
  }
}
