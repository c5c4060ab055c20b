import { invalidValue, notSupported, required } from '../../apimachinery/field-errors.ts'
import type { FieldsReader } from '../../apimachinery/fields-reader.ts'
import { amountOf, quantityNumber } from '../../apimachinery/quantity.ts'
import { defined } from '../../base/defined.ts'
import { readDelay, readSource } from './delay.ts'
import { readSelector } from './selector.ts'
import {
  type ApiEffect,
  type CallEffect,
  callNames,
  type NodeEffect,
  type PodEffect,
  probeKinds,
  type Stage,
} from './stage.ts'

/** One of the texts; what else is there is told. */
function oneOf<T extends string>(fields: FieldsReader, name: string, known: readonly T[]): T | undefined {
  const text = fields.text(name)
  if (text === undefined) return undefined
  const found = known.find((each) => each === text)
  if (found === undefined) fields.fail(notSupported(fields.at(name), text, known))
  return found
}

function readPod(fields: FieldsReader): PodEffect {
  const ending = fields.object('exit')
  const outOfMemory = ending?.boolean('outOfMemory') ?? false
  const exit = ending && {
    code: outOfMemory ? 137 : (ending.integer('code') ?? 0),
    ...defined({ reason: ending.text('reason'), message: ending.text('message') }),
    outOfMemory,
  }
  if (ending?.raw('code') !== undefined && outOfMemory)
    fields.fail(invalidValue(ending.at('code'), ending.raw('code'), 'is 137 where memory has run out'))
  ending?.end()
  const failingProbes = fields.texts('failingProbes')
  for (const probe of failingProbes ?? [])
    if (!probeKinds.some((kind) => kind === probe))
      fields.fail(notSupported(fields.at('failingProbes'), probe, probeKinds))
  return {
    ...defined({ containers: fields.texts('containers'), exit, failingProbes }),
    output: fields.texts('output') ?? [],
  }
}

function readCall(fields: FieldsReader): CallEffect | undefined {
  const name = oneOf(fields, 'name', callNames)
  if (fields.raw('name') === undefined) fields.fail(required(fields.at('name')))
  const effect = defined({ containers: fields.texts('containers'), error: fields.text('error') })
  fields.end()
  return name && { name, ...effect }
}

function bytes(fields: FieldsReader, name: string): number | undefined {
  const given = fields.raw(name)
  if (given === undefined) return undefined
  if (amountOf(String(given)) !== undefined) return quantityNumber(String(given))
  fields.fail(invalidValue(fields.at(name), given, 'must be a quantity, like 512Mi'))
  return undefined
}

const readNode = (fields: FieldsReader): NodeEffect =>
  defined({
    agent: oneOf(fields, 'agent', ['stopped', 'running']),
    runtimeError: fields.text('runtimeError'),
    foreignMemoryBytes: bytes(fields, 'foreignMemory'),
    foreignDiskBytes: bytes(fields, 'foreignDisk'),
  })

function readApiEffect(next: FieldsReader): ApiEffect {
  const event = next.object('event')
  const finalizers = next.object('finalizers')
  const names = (list: string): readonly string[] =>
    (finalizers?.objects(list) ?? []).map((item) => {
      const value = item.text('value') ?? ''
      item.end()
      return value
    })
  const effect = {
    delete: next.boolean('delete') ?? false,
    ...defined({
      event: event && {
        type: oneOf(event, 'type', ['Normal', 'Warning']) ?? 'Normal',
        reason: event.text('reason') ?? '',
        message: event.text('message') ?? '',
      },
      finalizers: finalizers && {
        add: names('add'),
        remove: names('remove'),
        empty: finalizers.boolean('empty') ?? false,
      },
    }),
  }
  event?.end()
  finalizers?.end()
  return effect
}

function readWeight(spec: FieldsReader): Stage['weight'] {
  const fixed = spec.integer('weight') ?? 0
  const from = readSource(spec.object('weightFrom'))
  return (object) => {
    const found = Number(from?.(object)[0] ?? fixed)
    return Number.isFinite(found) ? Math.max(found, 0) : fixed
  }
}

/** Reads a Stage; the reader keeps what is wrong with it. */
export function readStage(document: FieldsReader, name: string): Stage {
  const spec = document.object('spec')
  const reference = spec?.object('resourceRef')
  const kind = (reference && oneOf(reference, 'kind', ['Pod', 'Node'])) ?? 'Pod'
  if (reference?.raw('kind') === undefined) document.fail(required('spec.resourceRef.kind'))
  if (reference) oneOf(reference, 'apiGroup', ['v1'])
  const next = spec?.object('next')
  const simulate = next?.object('simulate')
  const callFields = kind === 'Pod' ? simulate?.object('call') : undefined
  const call = callFields && readCall(callFields)
  const pod = simulate && kind === 'Pod' && callFields === undefined ? readPod(simulate) : undefined
  const node = simulate && kind === 'Node' ? readNode(simulate) : undefined
  const stage = {
    ...{ name, kind },
    selects: readSelector(spec?.object('selector')),
    weight: spec ? readWeight(spec) : () => 0,
    delayMs: readDelay(spec?.object('delay')),
    ...(next ? readApiEffect(next) : { delete: false }),
    ...defined({ pod, call, node }),
  }
  for (const fields of [reference, simulate, next, spec]) fields?.end()
  return stage
}
