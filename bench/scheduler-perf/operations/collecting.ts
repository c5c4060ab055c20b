import type { OperationReader } from '../operation.ts'

export const startCollecting: OperationReader = (fields) => {
  const namespaces = fields.texts('namespaces')
  if (namespaces.length === 0) throw fields.error('namespaces must be set')
  const labels = fields.map('labelSelector')
  const name = fields.text('name') ?? namespaces.join('+')
  return ({ collector }) => collector.start(name, { namespaces, labels })
}

export const stopCollecting: OperationReader =
  () =>
  ({ collector }) =>
    collector.stop()
