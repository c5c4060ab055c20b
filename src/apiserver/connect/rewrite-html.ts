/** Attributes that hold URLs, by element (upstream's `atomsToAttrs`). */
const urlAttributes: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  applet: ['codebase'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  command: ['icon'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  video: ['poster', 'src'],
}

const tag = /<([a-zA-Z][a-zA-Z0-9]*)((?:\s+[^\s=<>"'/]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>]+))?)*)\s*\/?>/g
const attribute = /(\s+)([^\s=<>"'/]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'<>]+)/g

/** A path of the backend as seen from outside; what leads elsewhere, or is relative, stays. */
export const rewritePath = (url: string, prefix: string, backendHosts: readonly string[]): string => {
  if (url.startsWith('/') && !url.startsWith('//')) return `${prefix}${url}`
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/.exec(url)
  if (absolute === null || !backendHosts.includes(absolute[1] ?? '')) return url
  const rest = absolute[2] ?? ''
  return `${prefix}${rest.startsWith('/') ? rest : `/${rest}`}`
}

/** A page whose links lead through the proxy again. */
export const rewriteHtml = (html: string, prefix: string, backendHosts: readonly string[]): string =>
  html.replaceAll(tag, (whole, element: string, attributes: string) => {
    const names = urlAttributes[element.toLowerCase()]
    if (names === undefined || attributes === '') return whole
    const rewritten = attributes.replaceAll(attribute, (pair, space, name: string, equals, value: string) => {
      if (!names.includes(name.toLowerCase())) return pair
      const quote = value.startsWith('"') || value.startsWith("'") ? value.charAt(0) : ''
      const bare = quote === '' ? value : value.slice(1, -1)
      return `${space}${name}${equals}${quote}${rewritePath(bare, prefix, backendHosts)}${quote}`
    })
    return whole.replace(attributes, () => rewritten)
  })
