/**
 * Replaces `$(NAME)` in what containers are started with; `$$` is a literal dollar sign, and a reference to
 * something unknown stays as it is (third_party/forked/golang/expansion).
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  if (!text.includes('$')) return text
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (whole, name: string | undefined) => {
    if (name === undefined) return '$'
    return lookup(name) ?? whole
  })
}
