/**
 * What the application is compared with: the same Fastify with nothing on it, the same two lookups through the driver's
 * prepared statements, the same page rendered from the same template; a handler that finds the account and INSERTs; and one that
 * finds it and makes a numbered change. It trusts its cookie, checks nothing, logs nothing.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import formbody from '@fastify/formbody'
import { MySqlDialect } from 'drizzle-orm/mysql-core'
import Fastify, { type FastifyRequest } from 'fastify'
import mysql, { type RowDataPacket } from 'mysql2/promise'
import nunjucks from 'nunjucks'
import pg from 'pg'
import { entryForm, MAX_ITEMS, quickForm } from '../src/features/items/schema.ts'
import { asShown, type Row, showList } from '../src/features/items/shown-list.ts'
import { unordered } from '../src/features/shops/groups.ts'
import { SPELLING, VIEWS } from '../src/http/views.ts'
import { scriptTexts, translator } from '../src/i18n/index.ts'
import { recipes } from '../src/store/change.ts'
import { mysqlChange } from '../src/store/drivers/mysql-change.ts'
import { fill, statement } from '../src/store/statement.ts'

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const manifest = JSON.parse(readFileSync(path('../dist/static/manifest.json'), 'utf8'))

const url = process.env.DB_HOST ?? ''
const find = url.startsWith('postgres') ? findInPostgres() : findInMariadb()

type Found = Record<string, unknown>
type Find = (text: string, values: unknown[]) => Promise<Found[]>

const LIST = { base: '/carrinho', removal: '/apagar_artigo' }

function findInMariadb(): Find {
  const pool = mysql.createPool({ uri: url, connectionLimit: 10 })
  return async (text, values) => (await pool.execute<RowDataPacket[]>(text, values as string[]))[0]
}

function findInPostgres(): Find {
  const pool = new pg.Pool({ connectionString: url, max: 10 })
  return async (text, values) => {
    let n = 0
    const numbered = text.replaceAll('?', () => `$${++n}`)
    return (await pool.query<Found>({ name: text.slice(0, 40), text: numbered, values })).rows
  }
}
const env = nunjucks.configure(VIEWS, SPELLING)
env.addGlobal('asset', (name: string) => `/static/${manifest[name]}`)
const t = translator('pt')
env.addGlobal('scriptTexts', scriptTexts(t))

const app = Fastify()
app.register(formbody)

async function findAccount(request: FastifyRequest): Promise<Found | undefined> {
  const idHash = request.headers.cookie?.slice('id='.length) ?? ''
  const [account] = await find(
    `select sessions.customer_id, clientes.nome, clientes.email, sessions.created_at, sessions.last_seen_at
     from sessions inner join clientes on clientes.id_cliente = sessions.customer_id
     where sessions.id_hash = ? and sessions.expires_at > ?`,
    [idHash, Date.now()]
  )
  return account
}

app.get('/list', async (request, reply) => {
  const account = await findAccount(request)
  if (!account) return reply.status(403).send('no session')
  const rows = await find(
    'select id_compras, tipo, quantidade, thousandths, unit, local, note, done_at, pictures, version from compras where id_cliente = ? and list_id = 0 order by id_compras desc limit 101',
    [account.customer_id]
  )
  const items = rows.map(row => ({
    id: Number(row.id_compras),
    uid: null,
    version: Number(row.version),
    type: String(row.tipo),
    quantity: Number(row.quantidade),
    thousandths: Number(row.thousandths ?? Number(row.quantidade) * 1000),
    unit: String(row.unit),
    shop: String(row.local),
    note: String(row.note),
    doneAt: row.done_at === null ? null : Number(row.done_at),
    pictures: row.pictures === null ? null : String(row.pictures)
  }))
  const { groups, done } = showList(items, unordered, { page: 1, shop: undefined })
  const rowsHtml = (rows: Row[]) => env.render('rows.njk', { ...LIST, t, rows: rows.map(row => asShown(row, 'pt')) })
  const fields = { csrfToken: 'x'.repeat(52), errors: {}, formError: null }
  const forms = env.render('forms.njk', {
    ...LIST,
    ...fields,
    t,
    hasRows: true,
    fields: entryForm.fields,
    quickFields: quickForm.fields,
    entry: '',
    isQuick: true,
    form: { product_type: '', quantity: '1', unit: '', local: '', note: '', operation: 'x'.repeat(36) }
  })
  reply.type('text/html; charset=utf-8')
  return env.render('list.njk', {
    lang: 'pt',
    languages: [
      { code: 'pt', name: 'Português', current: true },
      { code: 'en', name: 'English', current: false },
      { code: 'es', name: 'Español', current: false }
    ],
    t,
    path: request.url,
    ...fields,
    forms,
    hasRows: true,
    account: { id: account.customer_id, name: account.nome, email: account.email },
    server: 'floor',
    databaseNode: 'floor',
    flash: null,
    heading: t('list.title'),
    ...LIST,
    src: '/carrinho/',
    groups: groups.map(({ shop, rows }) => ({ shop, rows: rowsHtml(rows) })),
    basket: rowsHtml(done),
    shown: done.length,
    was: done.map(({ item }) => `${item.id}:${item.version}`).join(),
    operation: 'x'.repeat(43),
    isOneShop: false,
    shop: '',
    pageNumber: 1,
    pages: 1,
    ticked: done.length,
    older: null,
    newer: null,
    clusterPage: true,
    inPage: { styles: '', isKept: false }
  })
})

app.post<{ Body: Record<string, string> }>('/insert', async (request, reply) => {
  const account = await findAccount(request)
  if (!account) return reply.status(403).send('no session')
  const { product_type = '', quantity = '', local = '' } = request.body
  await find('insert into compras (id_cliente, tipo, quantidade, local) values (?, ?, ?, ?)', [
    account.customer_id,
    product_type,
    Number(quantity),
    local
  ])
  return reply.redirect('/list', 303)
})

/** As the application sends it, MariaDB's. */
const numberedChange = statement(() => new MySqlDialect().sqlToQuery(mysqlChange(recipes.add, 'first').getSQL()))

app.post<{ Body: Record<string, string> }>('/change', async (request, reply) => {
  const account = await findAccount(request)
  if (!account) return reply.status(403).send('no session')
  const { product_type = '', quantity = '', local = '' } = request.body
  const item = { uid: null, type: product_type, unit: '', shop: local, note: '', doneAt: null, pictures: null }
  const content = { ...item, thousandths: 1000 * Number(quantity) }
  const values = {
    ...content,
    quantity: Number(quantity),
    accountId: account.customer_id,
    listId: 0,
    key: randomUUID(),
    digest: '-'.repeat(43),
    kind: 'add',
    itemId: null,
    detail: JSON.stringify({ items: [{ before: null, after: content }] }),
    at: Date.now(),
    limit: MAX_ITEMS
  }
  await find(numberedChange.sql, fill(numberedChange, values))
  return reply.redirect('/list', 303)
})

await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
