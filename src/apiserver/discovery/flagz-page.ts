import { ZPage } from './z-page.ts'

/** `/flagz` (KEP-4828): the flags of a component, by name, with their values. */
export function flagzPage(name: string, flags: Readonly<Record<string, string>>): ZPage {
  const lines = Object.keys(flags)
    .sort()
    .map((flag) => `${flag}=${flags[flag]}\n`)
  return new ZPage({ kind: 'Flagz', name, text: () => lines.join(''), fields: () => ({ flags }) })
}
