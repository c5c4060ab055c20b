import { expect, test } from 'vitest'
import { mergeOpenApiV2 } from './merge-v2.ts'
import type { OpenApiV2 } from './openapi-v2.ts'

test('mergeOpenApiV2() keeps what is there and renames what means something else', () => {
  const own: OpenApiV2 = {
    swagger: '2.0',
    info: { title: 'own', version: '1' },
    paths: { '/b': { get: {} } },
    definitions: { Meta: { type: 'object' }, Same: { type: 'string' } },
    parameters: {},
    securityDefinitions: {},
    security: [],
  }
  const merged = mergeOpenApiV2(own, {
    paths: { '/a': { get: { schema: { $ref: '#/definitions/Meta' } } }, '/b': { get: { other: true } } },
    definitions: { Meta: { type: 'string' }, Same: { type: 'string' }, New: { $ref: '#/definitions/Meta' } },
    parameters: {},
  })
  expect(Object.keys(merged.paths)).toEqual(['/a', '/b'])
  expect(merged.paths).toEqual({
    '/a': { get: { schema: { $ref: '#/definitions/Meta_v2' } } },
    '/b': { get: {} },
  })
  expect(merged.definitions).toEqual({
    Meta: { type: 'object' },
    Meta_v2: { type: 'string' },
    Same: { type: 'string' },
    New: { $ref: '#/definitions/Meta_v2' },
  })
})
