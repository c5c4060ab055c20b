import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Keys and certificates that cannot be used as they lie there; the message says what to do. */
export class PkiError extends Error {
  override readonly name = 'PkiError'
}

/** Reads and writes the PEM files of one directory. Written whole or not at all. */
export class KeyFiles {
  readonly directory: string

  constructor(directory: string) {
    this.directory = directory
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    chmodSync(directory, 0o700)
  }

  path(name: string): string {
    return join(this.directory, name)
  }

  read(name: string): string | undefined {
    const path = this.path(name)
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  }

  /** Private keys are for their owner alone. */
  write(name: string, pem: string): void {
    const path = this.path(name)
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const temporary = `${path}.new`
    writeFileSync(temporary, pem, { mode: name.endsWith('.key') ? 0o600 : 0o644 })
    renameSync(temporary, path)
  }
}
