import type { Expression } from '../../apimachinery/cel/index.ts'
import { validateDomainPath } from '../../apimachinery/domain-path.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { duplicate, invalidValue, required } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'
import type {
  CompiledIdentity,
  IdentityCompiler,
} from '../../apiserver/authentication/jwt/identity-expressions.ts'
import type {
  ClaimSource,
  IdentityExpression,
  IdentityRule,
  JwtSettings,
} from '../../apiserver/authentication/jwt/jwt-settings.ts'
import { type Fields, listOf, only, textOf } from '../components/config-fields.ts'
import { readIssuer } from './issuer-config.ts'

/** What holds for all issuers of a configuration. */
export interface JwtRules {
  readonly algorithms: readonly string[]
  /** Of service accounts: nobody else may issue as they do. */
  readonly disallowedIssuers: readonly string[]
}

const together = "claim and expression can't both be set"
const verifiedMissing =
  'claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression'

function isReserved(key: string): boolean {
  const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : ''
  return ['kubernetes.io', 'k8s.io'].some((own) => domain === own || domain.endsWith(`.${own}`))
}

/** Reads one issuer of an AuthenticationConfiguration; what is wrong goes to `errors`. */
export class JwtReader {
  readonly #path: FieldPath
  readonly #compiler: IdentityCompiler
  readonly #rules: JwtRules
  readonly #errors: FieldError[]
  /** Of claims; where `email_verified` may be looked at. */
  readonly #lookers: Expression[] = []

  constructor(path: FieldPath, compiler: IdentityCompiler, rules: JwtRules, errors: FieldError[]) {
    this.#path = path
    this.#compiler = compiler
    this.#rules = rules
    this.#errors = errors
  }

  read(item: unknown): JwtSettings {
    const names = ['issuer', 'claimValidationRules', 'claimMappings', 'userValidationRules']
    const fields = only(item, String(this.#path), names)
    const { algorithms, disallowedIssuers } = this.#rules
    const issuer = readIssuer(fields['issuer'], this.#path.child('issuer'), disallowedIssuers, this.#errors)
    const { requiredClaims, claimRules } = this.#claimRules(fields)
    const mappings = this.#mappings(fields['claimMappings'])
    const userRules = this.#userRules(fields)
    return { ...issuer, algorithms, ...mappings, requiredClaims, claimRules, userRules }
  }

  #compiled(compiled: CompiledIdentity, text: string, path: FieldPath): IdentityExpression | undefined {
    if (!('error' in compiled)) return compiled.compiled
    this.#errors.push(invalidValue(path, text, compiled.error))
    return undefined
  }

  #claimRules(top: Fields): Pick<JwtSettings, 'requiredClaims' | 'claimRules'> {
    const requiredClaims = new Map<string, string>()
    const expressions = new Set<string>()
    const list = this.#path.child('claimValidationRules')
    const claimRules = (listOf(top, 'claimValidationRules') ?? []).flatMap((item, index) => {
      const path = list.index(index)
      const fields = only(item, String(path), ['claim', 'requiredValue', 'expression', 'message'])
      const [claim, value, text, message] = ['claim', 'requiredValue', 'expression', 'message'].map(
        (name) => textOf(fields, name) ?? '',
      )
      if (claim && text)
        this.#errors.push(invalidValue(path, claim, "claim and expression can't both be set"))
      else if (claim) this.#requiredClaim(claim, value ?? '', message ?? '', path, requiredClaims)
      else if (text) return this.#claimRule(text, value ?? '', message ?? '', path, expressions)
      else this.#errors.push(required(path, 'claim or expression is required'))
      return []
    })
    return { requiredClaims, claimRules }
  }

  #requiredClaim(
    claim: string,
    value: string,
    message: string,
    path: FieldPath,
    seen: Map<string, string>,
  ): void {
    if (message !== '')
      this.#errors.push(
        invalidValue(path.child('message'), message, 'may not be specified when claim is set'),
      )
    if (seen.has(claim)) this.#errors.push(duplicate(path.child('claim'), claim))
    seen.set(claim, value)
  }

  #claimRule(
    text: string,
    value: string,
    message: string,
    path: FieldPath,
    seen: Set<string>,
  ): readonly IdentityRule[] {
    if (value !== '') {
      const detail = 'may not be specified when expression is set'
      this.#errors.push(invalidValue(path.child('requiredValue'), value, detail))
    }
    const where = path.child('expression')
    if (seen.has(text)) {
      this.#errors.push(duplicate(where, text))
      return []
    }
    seen.add(text)
    const compilation = this.#compiler.claimRule(text)
    if ('expression' in compilation) this.#lookers.push(compilation.expression)
    const compiled = this.#compiled(compilation, text, where)
    return compiled === undefined ? [] : [{ ...compiled, message }]
  }

  #userRules(top: Fields): readonly IdentityRule[] {
    const list = this.#path.child('userValidationRules')
    const seen = new Set<string>()
    return (listOf(top, 'userValidationRules') ?? []).flatMap((item, index) => {
      const path = list.index(index)
      const fields = only(item, String(path), ['expression', 'message'])
      const text = textOf(fields, 'expression') ?? ''
      const where = path.child('expression')
      if (text === '') this.#errors.push(required(where))
      else if (seen.has(text)) this.#errors.push(duplicate(where, text))
      else {
        seen.add(text)
        const compiled = this.#compiled(this.#compiler.userRule(text), text, where)
        if (compiled !== undefined) return [{ ...compiled, message: textOf(fields, 'message') ?? '' }]
      }
      return []
    })
  }

  #mappings(value: unknown): Pick<JwtSettings, 'username' | 'groups' | 'uid' | 'extra'> {
    const path = this.#path.child('claimMappings')
    const fields = only(value, String(path), ['username', 'groups', 'uid', 'extra'])
    const users: Expression[] = []
    const username = this.#prefixed(fields['username'], path.child('username'), users)
    if (username === undefined && !this.#said(fields['username']))
      this.#errors.push(required(path.child('username'), 'claim or expression is required'))
    const groups = this.#prefixed(fields['groups'], path.child('groups'), [])
    const uid = this.#uid(fields['uid'], path.child('uid'))
    const extra = this.#extra(listOf(fields, 'extra') ?? [], path.child('extra'))
    this.#lookers.push(...users)
    const usesEmail = users.some((expression) => expression.selects('claims', 'email'))
    const looks = this.#lookers.some((expression) => expression.selects('claims', 'email_verified'))
    if (usesEmail && !looks) {
      const text = users[0]?.text ?? ''
      this.#errors.push(invalidValue(path.child('username').child('expression'), text, verifiedMissing))
    }
    return {
      username: username ?? { claim: '', prefix: '' },
      ...(groups === undefined ? {} : { groups }),
      ...(uid === undefined ? {} : { uid }),
      extra,
    }
  }

  #said(value: unknown): boolean {
    const { claim, expression } = only(value, '', ['claim', 'prefix', 'expression'])
    return Boolean(claim) || Boolean(expression)
  }

  #prefixed(value: unknown, path: FieldPath, compiledTo: Expression[]): ClaimSource | undefined {
    const fields = only(value, String(path), ['claim', 'prefix', 'expression'])
    const [claim, prefix, text] = [
      textOf(fields, 'claim'),
      textOf(fields, 'prefix'),
      textOf(fields, 'expression'),
    ]
    if (claim && text) {
      this.#errors.push(invalidValue(path, '', together))
      return undefined
    }
    if (text) {
      if (prefix !== undefined) {
        const detail = 'may not be specified when expression is set'
        this.#errors.push(invalidValue(path.child('prefix'), prefix, detail))
      }
      return this.#mapping(text, path.child('expression'), compiledTo)
    }
    if (!claim) return undefined
    if (prefix === undefined) {
      const detail =
        'prefix is required when claim is set. It can be set to an empty string to disable prefixing'
      this.#errors.push(required(path.child('prefix'), detail))
    }
    return { claim, prefix: prefix ?? '' }
  }

  #mapping(text: string, path: FieldPath, compiledTo: Expression[]): ClaimSource | undefined {
    const compilation = this.#compiler.mapping(text)
    if ('expression' in compilation) compiledTo.push(compilation.expression)
    const expression = this.#compiled(compilation, text, path)
    return expression === undefined ? undefined : { expression }
  }

  #uid(value: unknown, path: FieldPath): ClaimSource | undefined {
    const fields = only(value, String(path), ['claim', 'expression'])
    const [claim, text] = [textOf(fields, 'claim'), textOf(fields, 'expression')]
    if (claim && text) this.#errors.push(invalidValue(path, '', together))
    else if (claim) return { claim, prefix: '' }
    else if (text) return this.#mapping(text, path.child('expression'), [])
    return undefined
  }

  #extra(items: readonly unknown[], list: FieldPath): JwtSettings['extra'] {
    const seen = new Set<string>()
    return items.flatMap((item, index) => {
      const path = list.index(index)
      const fields = only(item, String(path), ['key', 'valueExpression'])
      const key = textOf(fields, 'key') ?? ''
      this.#checkKey(key, path.child('key'))
      if (seen.has(key)) {
        this.#errors.push(duplicate(path.child('key'), key))
        return []
      }
      seen.add(key)
      const text = textOf(fields, 'valueExpression') ?? ''
      const where = path.child('valueExpression')
      if (text === '') {
        this.#errors.push(required(where))
        return []
      }
      const compilation = this.#compiler.mapping(text)
      if ('expression' in compilation) this.#lookers.push(compilation.expression)
      const expression = this.#compiled(compilation, text, where)
      return expression === undefined ? [] : [{ key, expression }]
    })
  }

  #checkKey(key: string, path: FieldPath): void {
    validateDomainPath(key, path, this.#errors)
    if (key !== key.toLowerCase()) this.#errors.push(invalidValue(path, key, 'must be lowercase'))
    if (isReserved(key)) {
      const detail = 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use'
      this.#errors.push(invalidValue(path, key, detail))
    }
  }
}
