import { anyDecl, objectDecl, simpleDecl, stringDecl } from '../../types/decl-type.ts'
import { stringType } from '../../types/type.ts'
import { declare, type FunctionDeclaration, fn1, parameters } from '../declare.ts'

const { string } = parameters

/** `/` and `~` in a key that becomes a part of a JSON pointer (RFC 6901). */
const escapeKey = (key: string): string => key.replaceAll(/[/~]/g, (found) => (found === '/' ? '~1' : '~0'))

export const jsonPatchFunctions: readonly FunctionDeclaration[] = [
  declare('jsonpatch.escapeKey', fn1('string_jsonpatch_escapeKey_string', string, stringType, escapeKey)),
]

/** What an expression of a mutating policy makes: `JSONPatch{op: 'add', path: '/spec', value: …}`. */
export const jsonPatchDecl = objectDecl('JSONPatch', {
  op: stringDecl,
  path: stringDecl,
  from: stringDecl,
  value: simpleDecl('dyn', anyDecl.celType, 1),
})
