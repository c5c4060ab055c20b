import { imagesInUse, unusedImages } from '../images/unused-images.ts'
import { podUidLabel } from '../runtime/labels.ts'
import type { Container } from '../runtime/messages.ts'
import type { Runtime } from '../runtime/runtime.ts'

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
    for (const image of unusedImages(await runtime.listImages(), imagesInUse(left), kept))
      await runtime.removeImage({ image: image.id })
  } catch (error) {
    onError(error)
  }
}
