import { decode, encode } from 'dns-packet'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildQuery } from './build-query.ts'
import { encodeReply, parseQuery } from './message.ts'
import type { DnsRecord } from './record.ts'

describe('parseQuery()', () => {
  test('reads the question and EDNS', () => {
    const bytes = encode({
      type: 'query',
      id: 4711,
      flags: 0x0100,
      questions: [{ type: 'AAAA', name: 'Web.Default.svc.cluster.local' }],
      additionals: [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: 1400,
          flags: 0x8000,
          options: [],
          extendedRcode: 0,
          ednsVersion: 0,
          flag_do: true,
        },
      ],
    })
    expect(parseQuery(bytes)).toMatchObject({
      id: 4711,
      name: 'web.default.svc.cluster.local',
      type: 28,
      class: 1,
      recursionDesired: true,
      ednsSize: 1400,
      dnssecOk: true,
    })
  })

  test.each([
    ['an answer', Buffer.from('000080000001000000000000', 'hex'), undefined],
    ['too short', Buffer.from('0000', 'hex'), undefined],
    ['an update', Buffer.from('000028000001000000000000', 'hex'), 'NOTIMP'],
    ['no question', Buffer.from('000001000000000000000000', 'hex'), 'FORMERR'],
    ['a name without an end', Buffer.from('00000100000100000000000003616263', 'hex'), 'FORMERR'],
    ['a compressed question', Buffer.from('000001000001000000000000c00c00010001', 'hex'), 'FORMERR'],
  ])('refuses %s', (_, bytes, expected) => {
    expect(parseQuery(bytes)).toBe(expected)
  })

  test('survives anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        parseQuery(Buffer.from(bytes))
      }),
    )
  })
})

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/)
const name = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.'))
const ttl = fc.integer({ min: 0, max: 100_000 })
const number = fc.integer({ min: 0, max: 65_535 })
const record: fc.Arbitrary<DnsRecord> = fc.oneof(
  fc.record({ name, ttl, type: fc.constant('A' as const), address: fc.ipV4() }),
  fc.record({ name, ttl, type: fc.constantFrom('CNAME' as const, 'PTR' as const), target: name }),
  fc.record({
    name,
    ttl,
    type: fc.constant('SRV' as const),
    priority: number,
    weight: number,
    port: number,
    target: name,
  }),
)

describe('encodeReply()', () => {
  test('is read by another implementation, with fewer bytes than its own', () => {
    fc.assert(
      fc.property(name, fc.array(record, { maxLength: 20 }), (asked, answers) => {
        const query = buildQuery(asked, 1)
        const bytes = encodeReply(query, { rcode: 'NOERROR', authoritative: true, answers })
        const read = decode(bytes)
        expect(read.questions).toEqual([{ name: asked, type: 'A', class: 'IN' }])
        const found = (read.answers ?? []).map((answer) => {
          if (answer.type === 'SRV') {
            const { priority, weight, port, target } = answer.data
            return `${answer.name} ${answer.ttl} SRV ${priority} ${weight} ${port} ${target}`
          }
          return answer.type === 'A' || answer.type === 'CNAME' || answer.type === 'PTR'
            ? `${answer.name} ${answer.ttl} ${answer.type} ${answer.data}`
            : 'something else'
        })
        expect(found).toEqual(
          answers.map((each) => {
            const data =
              each.type === 'A'
                ? each.address
                : each.type === 'SRV'
                  ? `${each.priority} ${each.weight} ${each.port} ${each.target}`
                  : each.type === 'CNAME' || each.type === 'PTR'
                    ? each.target
                    : ''
            return `${each.name} ${each.ttl} ${each.type} ${data}`
          }),
        )
        const plain = encode({
          type: 'response',
          questions: [{ name: asked, type: 'A' }],
          answers: read.answers,
        })
        expect(bytes.length).toBeLessThanOrEqual(plain.length)
      }),
      { numRuns: 200 },
    )
  })

  test('repeats the question letter by letter', () => {
    const query = parseQuery(
      encode({ type: 'query', id: 1, questions: [{ type: 'A', name: 'WeB.cluster.LOCAL' }] }),
    )
    if (typeof query !== 'object') throw new Error('not a query')
    const bytes = encodeReply(query, {
      rcode: 'NOERROR',
      answers: [{ name: 'web.cluster.local', ttl: 30, type: 'A', address: '10.96.0.1' }],
    })
    expect(decode(bytes).answers?.[0]?.name).toBe('WeB.cluster.LOCAL')
  })

  test('has other types and EDNS', () => {
    const query = { ...buildQuery('cluster.local', 6), ednsSize: 1232 }
    const bytes = encodeReply(query, {
      rcode: 'NXDOMAIN',
      answers: [
        { name: 'cluster.local', ttl: 30, type: 'TXT', text: '1.1.0' },
        { name: 'cluster.local', ttl: 30, type: 'AAAA', address: 'fd00::1:0:5' },
        { name: 'cluster.local', ttl: 30, type: 'NS', target: 'ns.dns.cluster.local' },
      ],
      authorities: [
        {
          name: 'cluster.local',
          ttl: 30,
          type: 'SOA',
          primary: 'ns.dns.cluster.local',
          mailbox: 'hostmaster.cluster.local',
          serial: 4_000_000_000,
          refresh: 7200,
          retry: 1800,
          expire: 86_400,
          minimum: 30,
        },
      ],
    })
    const { answers, authorities, additionals, rcode } = decode(bytes) as ReturnType<typeof decode> & {
      rcode: string
    }
    expect(rcode).toBe('NXDOMAIN')
    expect(answers?.map((answer) => ('data' in answer ? String(answer.data) : ''))).toEqual([
      '1.1.0',
      'fd00::1:0:5',
      'ns.dns.cluster.local',
    ])
    expect(authorities?.[0]).toMatchObject({ data: { mname: 'ns.dns.cluster.local', serial: 4_000_000_000 } })
    expect(additionals?.[0]).toMatchObject({ type: 'OPT', udpPayloadSize: 1232 })
  })
})
