// Runs inside the server under test (node --import): answers questions on file descriptor 3, one JSON line each.
import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { Socket } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { isMainThread } from 'node:worker_threads'

const resolutionMs = 2
const delay = monitorEventLoopDelay({ resolution: resolutionMs })
const session = new Session()
session.connect()

const post = (method, parameters) =>
  new Promise((resolve, reject) => {
    session.post(method, parameters, (error, result) => (error ? reject(error) : resolve(result)))
  })

// The histogram counts from one wake-up to the next, its own rest included.
const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - resolutionMs)

const commands = {
  'watch-loop': () => {
    delay.reset()
    delay.enable()
    return {}
  },
  'read-loop': () => {
    delay.disable()
    return { p50Ms: late(delay.percentile(50)), p99Ms: late(delay.percentile(99)), maxMs: late(delay.max) }
  },
  memory: () => {
    const { heapUsed, heapTotal, external } = process.memoryUsage()
    return { heapUsedMiB: heapUsed / 2 ** 20, heapMiB: heapTotal / 2 ** 20, offHeapMiB: external / 2 ** 20 }
  },
  'start-profile': async () => {
    await post('Profiler.enable')
    await post('Profiler.setSamplingInterval', { interval: 500 })
    await post('Profiler.start')
    return {}
  },
  'stop-profile': async ({ file }) => {
    const { profile } = await post('Profiler.stop')
    await post('Profiler.disable')
    writeFileSync(file, JSON.stringify(profile))
    return {}
  },
}

function answer() {
  const socket = new Socket({ fd: 3, readable: true, writable: true })
  createInterface({ input: socket }).on('line', async (line) => {
    const question = JSON.parse(line)
    socket.write(`${JSON.stringify(await commands[question.do](question))}\n`)
  })
  socket.on('error', () => {}) // the bench has gone
  socket.unref()
}

// Threads and children of the server have no such pipe.
delete process.env.NODE_OPTIONS
if (isMainThread) answer()
