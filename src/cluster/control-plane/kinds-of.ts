import type { ApiServer } from '../../apiserver/api-server.ts'
import type { KindSource } from '../../reconcile/kind-source.ts'

/** What the server serves, for controllers of the same process. */
export const kindsOf = ({ served }: ApiServer): KindSource => ({
  list: () => served.list().map(({ kind }) => kind),
  onChange: (handler) => served.onChange(handler),
})
