export * from './api.ts'
export type { CostEstimate, SizedNode, SizeEstimate, SizeEstimator } from './cost/estimates.ts'
export { unbounded } from './cost/estimates.ts'
export { schemaSizes } from './cost/schema-sizes.ts'
export { type CompiledSelector, DeviceSelectorCompiler } from './devices/device-selector.ts'
export { deviceValue, type SelectableDevice } from './devices/device-value.ts'
export { newEnvironment, storedEnvironment } from './kubernetes.ts'
export * from './library/declare.ts'
export {
  type AuthorizationAnswer,
  type AuthorizationQuestion,
  AuthorizerValue,
  authorizerType,
  type ExpressionAuthorizer,
  ResourceCheck,
  resourceCheckType,
} from './library/kubernetes/authorizer.ts'
export { jsonPatchDecl, jsonPatchFunctions } from './library/kubernetes/json-patch.ts'
export { QuantityValue, quantityType } from './library/kubernetes/quantity.ts'
export { parseSemver, SemverValue, semverType } from './library/kubernetes/semver.ts'
export { type LazyVariable, LazyVariables } from './policies/lazy-variables.ts'
export { objectTypeErrors } from './policies/object-types.ts'
export {
  type CompiledExpression,
  type ExpressionAge,
  type ExpressionUse,
  expressionUses,
  type KnownTypes,
  PolicyCompiler,
  PolicyEnvironments,
  TypeChecker,
} from './policies/policy-compiler.ts'
export { bindingMacros } from './syntax/extension-macros.ts'
export type { DeclField, DeclType } from './types/decl-type.ts'
export {
  anyDecl,
  boolDecl,
  bytesDecl,
  doubleDecl,
  durationDecl,
  dynDecl,
  intDecl,
  listDecl,
  mapDecl,
  nameDeclType,
  nullDecl,
  objectDecl,
  stringDecl,
  timestampDecl,
  uintDecl,
} from './types/decl-type.ts'
export { declTypeFromSchema, maxCardinality } from './types/decl-type-from-schema.ts'
export { escapeName, unescapeName } from './types/escape.ts'
export * from './types/type.ts'
export type { ValueSchema } from './types/value-schema.ts'
export { valueSchemaOf } from './types/value-schema-of.ts'
export { claimsValue } from './values/claims.ts'
export { ValueList, ValueMap } from './values/collections.ts'
export { formatValue } from './values/format.ts'
export { nativeValue, toNative } from './values/native.ts'
export { SchemaBinder } from './values/schema-value.ts'
export * from './values/value.ts'
