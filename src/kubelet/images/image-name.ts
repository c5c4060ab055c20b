const alphanumeric = '[a-z0-9]+'
const separator = '(?:[._]|__|[-]+)'
const pathComponent = `${alphanumeric}(?:${separator}${alphanumeric})*`
const domainComponent = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
const domain = `(?:${domainComponent}(?:\\.${domainComponent})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`
const tag = '[\\w][\\w.-]{0,127}'
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*[:][0-9a-fA-F]{32,}'
const reference = new RegExp(
  `^((?:${domain}/)?${pathComponent}(?:/${pathComponent})*)(?::(${tag}))?(?:@(${digest}))?$`,
)

const maxNameLength = 255

export interface ImageName {
  /** With registry, `docker.io/library/busybox`. */
  readonly repository: string
  readonly tag: string
  readonly digest: string
}

/** Splits what a user wrote as an image; throws upstream's text for what is none. */
export function parseImageName(image: string): ImageName {
  const fail = (why: string): never => {
    throw new Error(`couldn't parse image name "${image}": ${why}`)
  }
  if (/^[a-f0-9]{64}$/.test(image)) {
    fail(`invalid repository name (${image}), cannot specify 64-byte hexadecimal strings`)
  }
  const match = reference.exec(image)
  if (match === null) {
    const lower = reference.exec(image.toLowerCase())
    if (lower !== null) {
      const name = image.slice(0, lower[1]?.length ?? 0)
      fail(`invalid reference format: repository name (${withRegistry(name).path}) must be lowercase`)
    }
    return fail('invalid reference format')
  }
  const [, name = '', tagName = '', digestText = ''] = match
  if (name.length > maxNameLength) {
    fail(`repository name must not be more than ${maxNameLength} characters`)
  }
  const { registry, path } = withRegistry(name)
  const repository = `${registry}/${path}`
  return { repository, tag: tagName === '' && digestText === '' ? 'latest' : tagName, digest: digestText }
}

/** A first component without dot, port or `localhost` is no registry but a name on Docker Hub. */
function withRegistry(name: string): { readonly registry: string; readonly path: string } {
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  const isRegistry = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase()
  if (!isRegistry) return { registry: 'docker.io', path: slash < 0 ? `library/${name}` : name }
  const path = name.slice(slash + 1)
  return first === 'index.docker.io' ? { registry: 'docker.io', path } : { registry: first, path }
}

/** The name with `:latest` where it says neither tag nor digest. */
export function withDefaultTag(image: string): string {
  const { tag: tagName, digest: digestText } = parseImageName(image)
  return digestText === '' && !image.endsWith(`:${tagName}`) ? `${image}:${tagName}` : image
}
