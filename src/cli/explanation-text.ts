import type { Explanation } from '../cluster/index.ts'

function outcome({ result, node, message = '' }: Explanation): string {
  switch (result) {
    case 'bound':
      return `is on ${node}`
    case 'placed':
      return `is on its way to ${node}`
    case 'unschedulable':
      return node === undefined ? `fits nowhere: ${message}` : `was to go to ${node}, but: ${message}`
    case 'error':
      return `could not be placed: ${message}`
  }
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)))
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function scoreLines({ scores, node, feasibleNodes }: Explanation): readonly string[] {
  if (feasibleNodes === 0) return []
  const [first] = scores
  if (first === undefined) return [`${node} was the only node that would do.`]
  const plugins = Object.keys(first.points)
  const rows = scores.map((each) => [
    each.node,
    String(each.total),
    ...plugins.map((plugin) => String(each.points[plugin] ?? 0)),
  ])
  const shown = scores.length < feasibleNodes ? `, the best ${scores.length} of them` : ''
  return [`${feasibleNodes} nodes would do${shown}:`, ...table([['NODE', 'POINTS', ...plugins], ...rows])]
}

function refusalLines({ refused, refusedNodes }: Explanation): readonly string[] {
  if (refusedNodes === 0) return []
  const shown = refused.length < refusedNodes ? `, ${refused.length} of them here` : ''
  const nodes = refused.flatMap(({ node, plugin, reasons, changes }) => [
    `${node}: ${plugin || 'an extender'}: ${reasons.join(', ')}`,
    ...changes.map(({ what }) => `    needs ${what}`),
  ])
  return [`Refused by ${refusedNodes} ${refusedNodes === 1 ? 'node' : 'nodes'}${shown}:`, ...nodes]
}

/** For people to read. */
export function explanationText(explanation: Explanation): string {
  const { namespace, pod, time, schedulerName } = explanation
  const parts = [
    [`${namespace}/${pod} ${outcome(explanation)}`, `(${schedulerName}, ${time})`],
    scoreLines(explanation),
    refusalLines(explanation),
  ]
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}
