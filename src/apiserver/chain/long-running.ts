import type { ServerRequest } from '../request.ts'

const longRunningSubresources = new Set(['attach', 'exec', 'proxy', 'log', 'portforward'])

/** Requests that neither time out nor count as in flight; upstream's `BasicLongRunningRequestCheck`. */
export const isLongRunning = ({ info }: ServerRequest): boolean =>
  info.isResourceRequest &&
  (info.verb === 'watch' || info.verb === 'proxy' || longRunningSubresources.has(info.subresource))
