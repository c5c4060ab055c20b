import { createReadStream } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { join, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { aggregate } from '../../../apimachinery/aggregate.ts'
import { type RunProgram, runProgram } from '../../../base/host/run-program.ts'
import { messageOf } from '../../../base/message-of.ts'
import { type KubeletCall, type KubeletRoute, sendText } from '../kubelet-route.ts'
import {
  hasNodeLogOptions,
  journalArguments,
  type NodeLogQuery,
  nodeLogQueryErrors,
  parseNodeLogQuery,
} from './node-log-query.ts'

export interface NodeLogsOptions {
  /** `/var/log` */
  readonly directory: string
  /** Whether `?query=` names services whose logs are wanted (`enableSystemLogQuery`). */
  readonly queries: boolean
  /** Asks the journal. */
  readonly run?: RunProgram
}

const htmlType = 'text/html; charset=utf-8'

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&#34;')

/** The path of what is there, links followed; undefined where there is nothing, or it is outside. */
async function within(directory: string, path: string): Promise<string | undefined> {
  const root = await realpath(directory).catch(() => undefined)
  const found = await realpath(join(directory, join('/', path))).catch(() => undefined)
  if (root === undefined || found === undefined) return undefined
  return found === root || found.startsWith(root + sep) ? found : undefined
}

async function sendListing(response: ServerResponse, folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort()
  const links = names.map((name) => `<a href="${encodeURI(name)}">${escapeHtml(name)}</a>\n`)
  const head = '<!doctype html>\n<meta name="viewport" content="width=device-width">\n'
  sendText(response, `${head}<pre>\n${links.join('')}</pre>\n`, 200, htmlType)
}

/** A folder's listing, or a file. */
async function sendFile({ response }: KubeletCall, directory: string, path: string): Promise<void> {
  const found = await within(directory, path)
  const state = found === undefined ? undefined : await stat(found).catch(() => undefined)
  if (found === undefined || state === undefined) return sendText(response, '404 page not found\n', 404)
  if (state.isDirectory()) return sendListing(response, found)
  if (!state.isFile()) return sendText(response, '404 page not found\n', 404)
  response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' })
  await pipeline(createReadStream(found), response)
}

/** The services whose logs the journal has. */
async function inJournal(services: readonly string[], run: RunProgram): Promise<readonly string[]> {
  const units = await run('journalctl', ['--field', '_SYSTEMD_UNIT']).catch(() => '')
  const known = new Set(units.split('\n'))
  return services.filter((service) => known.has(service) || known.has(`${service}.service`))
}

async function sendServices(
  { response }: KubeletCall,
  query: NodeLogQuery,
  { directory, run = runProgram }: NodeLogsOptions,
): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'text/plain;charset=UTF-8' })
  const native = await inJournal(query.services, run)
  const others = query.services.filter((service) => !native.includes(service))
  if (others.length > 0 && hasNodeLogOptions(query)) {
    const names = `[${others.join(' ')}]`
    response.end(
      `\noptions present and query resolved to log files for ${names}\ntry without specifying options\n`,
    )
    return
  }
  for (const service of others) await writeServiceFile(response, directory, service)
  if (others.length === 0) {
    const text = await run('journalctl', journalArguments(query, native)).catch(
      () => '\nerror: journal output not available\n',
    )
    response.write(text)
  }
  response.end()
}

/** Where services that keep files of their own have them. */
async function writeServiceFile(response: ServerResponse, directory: string, service: string): Promise<void> {
  for (const name of [service, `${service}.log`, `${service}/${service}.log`]) {
    const found = await within(directory, name)
    if (found === undefined || !(await stat(found)).isFile()) continue
    try {
      await pipeline(createReadStream(found), response, { end: false })
    } catch (error) {
      response.write(`\nerror getting log for ${service}: ${messageOf(error)}\n`)
    }
    return
  }
  response.write(`\nlog not found for ${service}\n`)
}

async function answerQuery(call: KubeletCall, options: NodeLogsOptions): Promise<void> {
  const { response, query } = call
  const path = call.rest.join('/')
  const unread: string[] = []
  const asked = parseNodeLogQuery(query, unread)
  if (unread.length > 0) return sendText(response, `${aggregate(unread)}\n`, 400)
  const errors = [...nodeLogQueryErrors(asked)]
  const [file] = asked.files
  if (file !== undefined && (await within(options.directory, file)) === undefined)
    errors.push(`query: Invalid value: ["${file}"]: statat ${file}: no such file or directory`)
  if (errors.length > 0) return sendText(response, `${aggregate(errors)}\n`, 406)
  if (asked.services.length > 0) return sendServices(call, asked, options)
  return sendFile(call, options.directory, file ?? path)
}

/** `/logs/`: the machine's own log files, and what its services have logged. Undefined: switched off. */
export const nodeLogsRoute = (options: NodeLogsOptions | undefined): KubeletRoute => ({
  path: 'logs',
  below: 'too',
  handle: async (call) => {
    if (options === undefined) sendText(call.response, 'logs endpoint is disabled.\n', 405)
    else if (options.queries) await answerQuery(call, options)
    else await sendFile(call, options.directory, call.rest.join('/'))
  },
})
