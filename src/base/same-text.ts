const encoder = new TextEncoder()

/** Whether two texts are the same, in a time that says nothing of where they differ. */
export function sameText(left: string, right: string): boolean {
  const [a, b] = [encoder.encode(left), encoder.encode(right)]
  let difference = a.length ^ b.length
  for (let at = 0; at < b.length; at++) difference |= (a[at] ?? 0) ^ (b[at] ?? 0)
  return difference === 0
}
