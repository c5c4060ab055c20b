import type { resource } from '../../../api/generated/types/index.ts'
import type { Program } from '../../../apimachinery/cel/api.ts'
import {
  type CompiledSelector,
  DeviceSelectorCompiler,
} from '../../../apimachinery/cel/devices/device-selector.ts'
import { deviceValue } from '../../../apimachinery/cel/devices/device-value.ts'
import type { OfferedDevice } from './device-pools.ts'

/** Expressions whose programs are kept. */
const maxPrograms = 500

/** Whether selectors choose a device. Programs are compiled once; what an expression says of a device is remembered. */
export class DeviceMatcher {
  readonly #compiler = new DeviceSelectorCompiler()
  readonly #programs = new Map<string, Program>()
  /** By the device as its slice has it: it never changes, a new slice has new ones. */
  readonly #answers = new WeakMap<resource.v1.Device, Map<string, boolean>>()

  /** Throws with upstream's words, `owner` in front, when an expression cannot be compiled or fails. */
  matches(device: OfferedDevice, selectors: readonly resource.v1.DeviceSelector[], owner: string): boolean {
    for (const [place, { cel }] of selectors.entries()) {
      if (cel === undefined)
        throw new Error(`${owner}: selector #${place}: CEL expression empty (unsupported selector type?)`)
      if (!this.#ask(device, cel.expression, `${owner}: selector #${place}`)) return false
    }
    return true
  }

  #ask(offered: OfferedDevice, text: string, where: string): boolean {
    const answers = this.#answers.get(offered.device) ?? new Map<string, boolean>()
    const known = answers.get(text)
    if (known !== undefined) return known
    const { allowMultipleAllocations, attributes, capacity } = offered.device
    const { driver } = offered.slice.spec
    const device = () => deviceValue({ driver, allowMultipleAllocations, attributes, capacity })
    const evaluation = this.#program(text, where).evaluate({ device })
    if (!evaluation.ok) throw new Error(`${where}: CEL runtime error: ${evaluation.error}`)
    const answer = evaluation.value === true
    this.#answers.set(offered.device, answers.set(text, answer))
    return answer
  }

  #program(text: string, where: string): Program {
    const known = this.#programs.get(text)
    if (known !== undefined) return known
    const compiled: CompiledSelector = this.#compiler.compile(text, 'stored')
    const planned = 'error' in compiled ? compiled : compiled.expression.program()
    if ('error' in planned) throw new Error(`${where}: CEL compile error: ${planned.error}`)
    const [oldest] = this.#programs.keys()
    if (this.#programs.size >= maxPrograms && oldest !== undefined) this.#programs.delete(oldest)
    this.#programs.set(text, planned.program)
    return planned.program
  }
}
