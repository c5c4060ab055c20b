import { expect, test } from 'vitest'
import { userNamesFor } from './webhook-credentials.ts'

test('userNamesFor() looks for the whole name first, and for the port only where it is not the usual one', () => {
  expect(userNamesFor('hook.ns.svc', 443)).toEqual([
    ...['hook.ns.svc:443', '*.ns.svc:443', '*.svc:443'],
    ...['hook.ns.svc', '*.ns.svc', '*.svc', '*'],
  ])
  expect(userNamesFor('example.com', 8443)).toEqual(['example.com:8443', '*.com:8443', '*'])
  expect(userNamesFor('::1', 8443)).toEqual(['[::1]:8443', '*'])
})
