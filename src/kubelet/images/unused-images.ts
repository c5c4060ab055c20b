import type { Container, Image } from '../runtime/messages.ts'

/** The images that containers are made of: ids, and whatever else the runtime calls them by. */
export const imagesInUse = (containers: readonly Container[]): ReadonlySet<string> =>
  new Set(containers.flatMap(({ imageRef, image }) => [imageRef, image?.image ?? '']))

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
