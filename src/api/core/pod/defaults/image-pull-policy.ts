const name =
  /^(?:[a-zA-Z0-9][a-zA-Z0-9.-]*(?::\d+)?\/|\[[a-fA-F0-9:]+\](?::\d+)?\/)?[a-z0-9]+(?:(?:[._-]+|\/)[a-z0-9]+)*$/

const maxPathLength = 255

/** Of the path in a registry, where images without one are in `library`. */
function pathLength(repository: string): number {
  const slash = repository.indexOf('/')
  const host = repository.slice(0, Math.max(slash, 0))
  if (/[.:A-Z]/.test(host) || host === 'localhost') return repository.length - slash - 1
  return slash < 0 ? 'library/'.length + repository.length : repository.length
}

/** The tag of an image reference: `latest` where it has neither tag nor digest, '' where it has only a digest or is no reference. */
function imageTag(reference: string): string {
  const at = reference.indexOf('@')
  const whole = at < 0 ? reference : reference.slice(0, at)
  const colon = whole.indexOf(':', whole.lastIndexOf('/') + 1)
  const repository = colon < 0 ? whole : whole.slice(0, colon)
  if (!name.test(repository) || pathLength(repository) > maxPathLength) return ''
  if (colon >= 0) return whole.slice(colon + 1)
  return at < 0 ? 'latest' : ''
}

/** Upstream's default: images that may move are pulled always. */
export const defaultPullPolicy = (image: string | undefined): string =>
  imageTag(image ?? '') === 'latest' ? 'Always' : 'IfNotPresent'
