// Another wall clock for processes of Node: told by SIGUSR2 that it was set, they read from a file how far it is off.
import { readFileSync } from 'node:fs'

const realNow = Date.now
let offMs = 0
process.on('SIGUSR2', () => {
  offMs = Number(readFileSync(process.env.TEST_CLOCK_FILE, 'utf8'))
})

globalThis.Date = class extends Date {
  constructor(...args) {
    super(...(args.length === 0 ? [realNow() + offMs] : args))
  }

  static now() {
    return realNow() + offMs
  }
}
