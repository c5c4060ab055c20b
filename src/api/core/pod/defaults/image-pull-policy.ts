/** The tag of an image reference: `latest` where it has neither tag nor digest, '' where it has only a digest. */
export function imageTag(reference: string): string {
  const at = reference.indexOf('@')
  const name = at < 0 ? reference : reference.slice(0, at)
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1)
  if (colon >= 0) return name.slice(colon + 1)
  return at < 0 && name !== '' ? 'latest' : ''
}

/** Upstream's default: images that may move are pulled always. */
export const defaultPullPolicy = (image: string | undefined): string =>
  imageTag(image ?? '') === 'latest' ? 'Always' : 'IfNotPresent'
