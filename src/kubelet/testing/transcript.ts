import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/**
 * Replays a file of blocks, `commands ---- output`, parted by blank lines; `run` gets a block's commands and gives
 * its output. With REWRITE=1 the file is rewritten, so that its difference is the review.
 */
export function replay(path: string, run: (commands: readonly string[]) => readonly string[]): void {
  const blocks = readFileSync(path, 'utf8').trim().split(/\n\n+/)
  const replayed = blocks.map((block) => {
    const [commands = ''] = block.split(/^----$/m)
    const lines = commands.trim().split('\n')
    if (lines.every((line) => line.startsWith('#'))) return lines.join('\n')
    const output = run(lines.filter((line) => !line.startsWith('#')))
    return [...lines, '----', ...output].join('\n')
  })
  const text = `${replayed.join('\n\n')}\n`
  if (process.env.REWRITE === '1') writeFileSync(path, text)
  test(path.replace(/^.*\/src\//, ''), () => {
    expect(text).toBe(readFileSync(path, 'utf8'))
  })
}
