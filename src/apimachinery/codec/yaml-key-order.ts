const isDigit = (character: string | undefined): boolean =>
  character !== undefined && /^\p{Nd}$/u.test(character)
const isLetter = (character: string): boolean => /^\p{L}$/u.test(character)

/** The digits from `at` on. */
function digitsAt(characters: readonly string[], at: number): string {
  let end = at
  while (isDigit(characters[end])) end++
  return characters.slice(at, end).join('')
}

/** Whether digits other than zero go before `at`: what follows continues a number. */
function continuesNumber(characters: readonly string[], at: number): boolean {
  for (let index = at - 1; index >= 0 && isDigit(characters[index]); index--)
    if (characters[index] !== '0') return true
  return false
}

/** The order of a map's keys in upstream's YAML: numbers within texts count as numbers, letters come last. */
export function compareKeys(left: string, right: string): number {
  const [a, b] = [[...left], [...right]]
  const at = a.findIndex((character, index) => character !== b[index])
  const [x, y] = [a[at], b[at]]
  if (at === -1 || x === undefined || y === undefined) return a.length - b.length
  const order = (x.codePointAt(0) ?? 0) - (y.codePointAt(0) ?? 0)
  if (isLetter(x) || isLetter(y)) return isLetter(x) === isLetter(y) ? order : isLetter(y) ? -1 : 1
  const lead = (x === '0' || y === '0') && continuesNumber(a, at) ? '1' : ''
  const [m, n] = [digitsAt(a, at), digitsAt(b, at)]
  const difference = Number(lead + m) - Number(lead + n)
  return difference !== 0 ? difference : m.length - n.length || order
}
