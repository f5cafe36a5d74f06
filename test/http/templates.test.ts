import assert from 'node:assert/strict'
import { test } from 'node:test'
import nunjucks from 'nunjucks'
import '../../src/http/views.ts'

test('a template has every variable of a loop that nunjucks gives it', () => {
  const template =
    '{% for x in xs %}{{ loop.index }}/{{ loop.length }}{% if loop.first %} first{% endif %}{% if not loop.last %}, {% endif %}{% endfor %}'
  const env = new nunjucks.Environment(null, { throwOnUndefined: true })
  assert.equal(env.renderString(template, { xs: ['a', 'b'] }), '1/2 first, 2/2')
})
