/** Upstream's, for who comes while the server goes. */
export const goingText = 'The apiserver is shutting down, please try again later.\n'
export const retrySeconds = '5'
export const goingHeaders = {
  'content-type': 'text/plain; charset=utf-8',
  'x-content-type-options': 'nosniff',
  'retry-after': retrySeconds,
}
export const openWhileGoing = ['/readyz', '/livez', '/healthz', '/metrics']
