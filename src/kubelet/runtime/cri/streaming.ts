import type { OutputSink, PortSession, StreamOutcome, StreamRequest, StreamSession } from '../runtime.ts'
import { SpdyConnection, type SpdyStream } from './spdy-connection.ts'

/** Sub-protocols of CRI streaming servers. */
const commandProtocol = 'v4.channel.k8s.io'
const portProtocol = 'portforward.k8s.io'

const ignored = (): void => {}

/** Joins a stream's bytes to one text. */
function collector(): { readonly sink: (data: Uint8Array) => void; readonly text: () => string } {
  const chunks: Uint8Array[] = []
  return {
    sink: (data) => void chunks.push(Uint8Array.from(data)),
    text: () => Buffer.concat(chunks).toString(),
  }
}

/** What the error stream of a command says when it is over: a Status, or a bare message. */
function outcomeOf(text: string, broken: Error | undefined): StreamOutcome {
  if (text === '') {
    return broken === undefined
      ? { kind: 'exited', exitCode: 0 }
      : { kind: 'failed', message: broken.message }
  }
  let status: { status?: string; reason?: string; message?: string; details?: { causes?: unknown } }
  try {
    status = JSON.parse(text)
  } catch {
    return { kind: 'failed', message: text }
  }
  if (status.status === 'Success') return { kind: 'exited', exitCode: 0 }
  const causes = Array.isArray(status.details?.causes) ? status.details.causes : []
  const exit = causes.find((cause: { reason?: string }) => cause.reason === 'ExitCode')
  if (status.reason === 'NonZeroExitCode' && exit !== undefined) {
    return { kind: 'exited', exitCode: Number(exit.message) }
  }
  return { kind: 'failed', message: status.message ?? text }
}

/** Opens what an exec or attach request got as its URL. */
export async function openStream(
  url: string,
  request: StreamRequest,
  output: OutputSink,
): Promise<StreamSession> {
  const connection = await SpdyConnection.connect(url, commandProtocol)
  const errors = collector()
  const error = await connection.open({ streamtype: 'error' }, true, errors.sink)
  const open = (streamtype: string, halfClosed: boolean, sink: (data: Uint8Array) => void | Promise<void>) =>
    connection.open({ streamtype }, halfClosed, sink)
  const stdin = request.stdin ? await open('stdin', false, ignored) : undefined
  const outputs: SpdyStream[] = []
  if (request.stdout) outputs.push(await open('stdout', true, (data) => output('stdout', data)))
  if (request.stderr && !request.tty) {
    outputs.push(await open('stderr', true, (data) => output('stderr', data)))
  }
  const resize = request.tty ? await open('resize', false, ignored) : undefined
  const all = Promise.all([error.closed, ...outputs.map(({ closed }) => closed)])
  const done = Promise.race([all.then(() => undefined), connection.over]).then((broken) => {
    connection.close()
    return outcomeOf(errors.text(), broken)
  })
  return {
    writeStdin: (data) => stdin?.write(data) ?? Promise.resolve(),
    closeStdin: () => stdin?.end(),
    resize: (columns, rows) => {
      void resize?.write(Buffer.from(`${JSON.stringify({ Width: columns, Height: rows })}\n`))
    },
    done,
    close: () => connection.close(),
  }
}

/** Opens one connection to a port through what a port-forward request got as its URL. */
export async function openPort(
  url: string,
  port: number,
  output: (data: Uint8Array) => void | Promise<void>,
): Promise<PortSession> {
  const connection = await SpdyConnection.connect(url, portProtocol)
  const errors = collector()
  const headers = { port: String(port), requestid: '0' }
  const error = await connection.open({ ...headers, streamtype: 'error' }, true, errors.sink)
  const data = await connection.open({ ...headers, streamtype: 'data' }, false, output)
  const all = Promise.all([error.closed, data.closed])
  const done = Promise.race([all.then(() => undefined), connection.over]).then((broken) => {
    connection.close()
    const text = errors.text()
    return text === '' ? broken?.message : text
  })
  return {
    write: (bytes) => data.write(bytes),
    closeInput: () => data.end(),
    done,
    close: () => {
      data.end()
      connection.close()
    },
  }
}
