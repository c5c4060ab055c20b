import type { Features } from '../../../apimachinery/feature-gates.ts'
import { isQualifiedName } from '../../../apimachinery/label-syntax.ts'
import type { TokenAttributes } from '../../../kubelet/images/account-claim.ts'
import { booleanOf, type Fields, only, textOf, textsOf } from '../config-fields.ts'

const cacheTypes = ['ServiceAccount', 'Token'] as const
const gate = 'KubeletServiceAccountTokenForCredentialProviders'
const tokenVersion = 'credentialprovider.kubelet.k8s.io/v1'

/** Throws as upstream's validation does. */
export const invalidProvider = (field: string, why: string): never => {
  throw new Error(`failed to validate credential provider config: providers.${field}: ${why}`)
}

function annotationKeys(fields: Fields, name: string): readonly string[] {
  const keys = textsOf(fields, name) ?? []
  const field = `tokenAttributes.${name}`
  for (const [at, key] of keys.entries()) {
    const [complaint] = isQualifiedName(key.toLowerCase())
    if (complaint !== undefined) invalidProvider(field, `Invalid value: "${key}": ${complaint}`)
    if (keys.indexOf(key) < at) invalidProvider(field, `Duplicate value: "${key}"`)
  }
  return keys
}

/** In whose name the provider is asked; undefined: in nobody's. */
export function tokenAttributes(
  value: unknown,
  where: string,
  apiVersion: string,
  features: Features,
): TokenAttributes | undefined {
  if (value === undefined || value === null) return undefined
  const names = ['serviceAccountTokenAudience', 'requireServiceAccount', 'cacheType'] as const
  const [required, optional] = [
    'requiredServiceAccountAnnotationKeys',
    'optionalServiceAccountAnnotationKeys',
  ] as const
  const fields = only(value, `${where}.tokenAttributes`, [...names, required, optional])
  const fail = (field: string, why: string): never => invalidProvider(`tokenAttributes${field}`, why)
  if (!features.enabled(gate))
    fail('', `Forbidden: tokenAttributes is not supported when ${gate} feature gate is disabled`)
  const audience = textOf(fields, 'serviceAccountTokenAudience') ?? ''
  if (audience === '') fail('.serviceAccountTokenAudience', 'Required value')
  const requiresAccount = booleanOf(fields, 'requireServiceAccount')
  if (requiresAccount === undefined) return fail('.requireServiceAccount', 'Required value')
  if (apiVersion !== tokenVersion)
    fail('', `Forbidden: tokenAttributes is only supported for ${tokenVersion} API version`)
  const requiredAnnotations = annotationKeys(fields, required)
  const optionalAnnotations = annotationKeys(fields, optional)
  if (!requiresAccount && requiredAnnotations.length > 0)
    fail(`.${required}`, `Forbidden: requireServiceAccount cannot be false when ${required} is set`)
  const both = requiredAnnotations.filter((key) => optionalAnnotations.includes(key)).sort()
  if (both.length > 0)
    fail('', `Invalid value: ${JSON.stringify(both)}: annotation keys cannot be both required and optional`)
  const given = textOf(fields, 'cacheType') ?? ''
  if (given === '') {
    const supported = cacheTypes.join(', ')
    fail(
      '.cacheType',
      `Required value: cacheType is required to be set when tokenAttributes is specified. Supported values are: ${supported}`,
    )
  }
  const cacheType = cacheTypes.find((type) => type === given)
  if (cacheType === undefined) {
    const supported = cacheTypes.map((type) => `"${type}"`).join(', ')
    return fail('.cacheType', `Unsupported value: "${given}": supported values: ${supported}`)
  }
  return { audience, requiresAccount, cacheType, requiredAnnotations, optionalAnnotations }
}
