import { expect, test } from 'vitest'
import { revisionTemplate, templateRevisionData } from './revision-template.ts'

const template = {
  spec: { restartPolicy: 'Always', containers: [{ name: 'c', image: 'x', resources: {} }] },
  metadata: { labels: { b: '2', a: '1' } },
}

test('templateRevisionData() has its keys in order, as clients write them that compare bytes', () => {
  expect(JSON.stringify(templateRevisionData(template))).toBe(
    '{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"a":"1","b":"2"}},"spec":{"containers":[{"image":"x","name":"c","resources":{}}],"restartPolicy":"Always"}}}}',
  )
})

test('revisionTemplate() gives back what templateRevisionData() took', () => {
  expect(revisionTemplate({ revision: 1, data: templateRevisionData(template) })).toEqual(template)
})
