import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isRecord } from '../../../base/is-record.ts'
import { processStartTicks } from '../../process-identity.ts'
import { claimState } from '../../state-file.ts'
import type { GivenTokens } from './issuer-client.ts'

const lookMs = 50

/** Tokens of one user of one issuer, in a file that is theirs alone. */
export class TokenCache {
  readonly #file: string

  /** `identity`: what tells them from others. */
  constructor(folder: string, identity: readonly string[]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const name = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 32)
    this.#file = join(folder, `${name}.json`)
  }

  read(): GivenTokens | undefined {
    try {
      const kept: unknown = JSON.parse(readFileSync(this.#file, 'utf8'))
      if (!isRecord(kept) || typeof kept.idToken !== 'string' || typeof kept.expiresMs !== 'number')
        return undefined
      const { idToken, expiresMs, refreshToken } = kept
      return { idToken, expiresMs, ...(typeof refreshToken === 'string' ? { refreshToken } : {}) }
    } catch {
      return undefined
    }
  }

  write(tokens: GivenTokens): void {
    const temporary = `${this.#file}.${process.pid}`
    writeFileSync(temporary, JSON.stringify(tokens), { mode: 0o600 })
    renameSync(temporary, this.#file)
  }

  /** Alone among all processes: a refresh token that two use ends the session. One that has been broken off holds up nobody. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const lock = `${this.#file}.lock`
    const self = { pid: process.pid, startTicks: processStartTicks(process.pid) ?? 0 }
    while (claimState(lock, self) !== undefined) await wait(lookMs)
    try {
      return await work()
    } finally {
      rmSync(lock, { force: true })
    }
  }
}
