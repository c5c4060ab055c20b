import type { V2Encoding } from './v2-document.ts'

const encoder = new TextEncoder()

/** The document as JSON. */
export const openApiV2Json: V2Encoding = {
  separator: encoder.encode(','),
  member: (_section, name, value) => encoder.encode(`${JSON.stringify(name)}:${JSON.stringify(value)}`),
  frame: ({ swagger, info, paths: _paths, definitions: _definitions, ...others }) => ({
    before: encoder.encode(`${JSON.stringify({ swagger, info }).slice(0, -1)},"paths":{`),
    between: encoder.encode('},"definitions":{'),
    after: encoder.encode(`},${JSON.stringify(others).slice(1)}`),
  }),
}
