import { badRequest, internalError, type StatusError, statusError } from '../../apimachinery/status-error.ts'
import type { BackendResponse } from './backend.ts'

/** Of an error's body. */
const maxErrorBytes = 50_000

export async function readText(body: AsyncIterable<Uint8Array>, maxBytes = maxErrorBytes): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    text += decoder.decode(chunk, { stream: true })
    if (length >= maxBytes) break
  }
  return text.slice(0, maxBytes)
}

/** The message of a Status, or the text as it is. */
function messageOf(text: string): string {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null && 'kind' in parsed && 'message' in parsed) {
      return String(parsed.message)
    }
  } catch {
    // Not a Status: the kubelets of others answer plain text.
  }
  return text
}

/** What a kubelet's error is to the client (upstream's `GenericHttpResponseChecker`). */
export async function kubeletError(response: BackendResponse, pod: string): Promise<StatusError> {
  const message = messageOf(await readText(response.body))
  switch (response.status) {
    case 400:
      return badRequest(message)
    case 500:
      return internalError(message.replace(/^Internal error occurred: /, ''))
    case 404:
      return statusError('NotFound', `the server could not find the requested resource ( pods/log ${pod})`, {
        name: pod,
        kind: 'pods/log',
        causes: [{ reason: 'UnexpectedServerResponse', message }],
      })
    default:
      return statusError('Unknown', message, { name: pod, kind: 'pods/log' }, response.status)
  }
}

/** Upstream lets Go's error show; what it says differs, where it comes from does not. */
export const backendUnreachable = (error: unknown): StatusError =>
  internalError(error instanceof Error ? error.message : String(error))
