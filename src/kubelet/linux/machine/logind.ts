import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { runProgram } from '../../../base/host/run-program.ts'
import type { ShutdownSignal } from '../../shutdown/shutdown-manager.ts'

const service = 'org.freedesktop.login1'
const object = '/org/freedesktop/login1'
const manager = 'org.freedesktop.login1.Manager'
const configFolder = '/etc/systemd/logind.conf.d'
const configFile = '99-kubelet.conf'
const reloadTries = 5
const reloadPauseMs = 100

/** How long logind lets the machine wait, in seconds. */
async function currentDelay(): Promise<number> {
  const text = await runProgram('busctl', ['get-property', service, object, manager, 'InhibitDelayMaxUSec'])
  return Number(/^t (\d+)/.exec(text)?.[1] ?? 0) / 1e6
}

/** Lets logind wait as long as pods may take. */
async function allowDelay(seconds: number): Promise<void> {
  if ((await currentDelay()) >= seconds) return
  await mkdir(configFolder, { recursive: true })
  const text = `# Kubelet logind override\n[Login]\nInhibitDelayMaxSec=${seconds}\n`
  await writeFile(join(configFolder, configFile), text)
  await runProgram('systemctl', ['kill', '--signal=SIGHUP', 'systemd-logind.service'])
  for (let tries = 0; tries < reloadTries; tries++) {
    await delay(reloadPauseMs * 2 ** tries)
    if ((await currentDelay()) >= seconds) return
  }
  throw new Error(`logind does not let the machine wait for ${seconds} seconds`)
}

/** Of a message that busctl shows as a line of JSON: whether the machine is about to go. */
export function preparesForShutdown(line: string): boolean | undefined {
  try {
    const { member, payload }: { member?: string; payload?: { data?: readonly unknown[] } } = JSON.parse(line)
    const [isEnding] = payload?.data ?? []
    return member === 'PrepareForShutdown' && typeof isEnding === 'boolean' ? isEnding : undefined
  } catch {
    return undefined
  }
}

/**
 * systemd's logind, through its own programs: one holds the lock that makes the machine wait, one tells of what is
 * about to happen (https://systemd.io/INHIBITOR_LOCKS/).
 */
export class Logind implements ShutdownSignal {
  #lock: ChildProcess | undefined

  async watch(delaySeconds: number, take: (isEnding: boolean) => void): Promise<() => Promise<void>> {
    await allowDelay(delaySeconds)
    this.#hold()
    const match = `type='signal',interface='${manager}',member='PrepareForShutdown',path='${object}'`
    const monitor = spawn('busctl', ['--system', '--json=short', `--match=${match}`, 'monitor'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    monitor.on('error', () => {})
    createInterface({ input: monitor.stdout }).on('line', (line) => {
      const isEnding = preparesForShutdown(line)
      if (isEnding === false) this.#hold()
      if (isEnding !== undefined) take(isEnding)
    })
    return async () => {
      monitor.kill()
      await this.release()
    }
  }

  async release(): Promise<void> {
    this.#lock?.kill()
    this.#lock = undefined
  }

  #hold(): void {
    if (this.#lock !== undefined) return
    const why = 'Kubelet needs time to handle node shutdown'
    const words = ['--what=shutdown', '--who=kubelet', `--why=${why}`, '--mode=delay', 'sleep', 'infinity']
    const lock = spawn('systemd-inhibit', words, { stdio: 'ignore' })
    lock.on('error', () => {})
    this.#lock = lock
  }
}
