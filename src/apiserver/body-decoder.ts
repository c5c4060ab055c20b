import type { GroupVersionKind } from '../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import type { ServerRequest } from './request.ts'

/**
 * Reads a request's body as an object of one kind, whatever its media type. `schema` is the type's OpenAPI name.
 * Throws StatusError (BadRequest, UnsupportedMediaType, RequestEntityTooLarge) with upstream's texts.
 */
export type BodyDecoder = (
  request: ServerRequest,
  expected: GroupVersionKind,
  schema: string,
) => Promise<KubernetesObject>
