import type { core } from '../../api/generated/types/index.ts'

/** `user:role:type:level` as far as the options say; '' where they say nothing. Nodes may fill in the rest. */
export function volumeLabel({ user = '', role = '', type = '', level = '' }: core.v1.SELinuxOptions): string {
  const label = [user, role, type, level].join(':')
  return label === ':::' ? '' : label
}

/** The parts of a label. Levels have colons of their own. */
function partsOf(label: string): readonly string[] {
  const [user = '', role = '', type = '', ...level] = label.split(':')
  return [user, role, type, level.join(':')]
}

const levelPart = 3

/** Whether a volume cannot have both labels. A part that nodes fill in may be any; a level they do not. */
export function areInConflict(a: string, b: string): boolean {
  const other = partsOf(b)
  return partsOf(a).some((part, index) => {
    const otherPart = other[index] ?? ''
    if (part === otherPart) return false
    return index === levelPart || (part !== '' && otherPart !== '')
  })
}
