import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import nunjucks from 'nunjucks'
import { SPELLING, VIEWS } from '../../src/http/views.ts'

test('a template has every variable of a loop that nunjucks gives it', () => {
  const template =
    '{% for x in xs %}{{ loop.index }}/{{ loop.length }}{% if loop.first %} first{% endif %}{% if not loop.last %}, {% endif %}{% endfor %}'
  const env = new nunjucks.Environment(null, { throwOnUndefined: true })
  assert.equal(env.renderString(template, { xs: ['a', 'b'] }), '1/2 first, 2/2')
})

test('each template compiles: a server does that when the first page is made of it', () => {
  const env = new nunjucks.Environment(new nunjucks.FileSystemLoader(VIEWS), SPELLING)
  const files = readdirSync(VIEWS).filter(name => name.endsWith('.njk'))
  assert.ok(files.length > 20)
  for (const file of files) env.getTemplate(file, true)
})
