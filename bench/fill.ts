import { createHash } from 'node:crypto'
import argon2 from 'argon2'
import mysql, { type Connection } from 'mysql2/promise'
import pg from 'pg'

export const EMAIL = 'bench@example.org'
export const PHONE_EMAIL = 'phone@example.org'
/** People who log in at the same time: guesses at one account wait for each other. */
export const GUESTS = Array.from({ length: 8 }, (_, n) => `guest-${n}@example.org`)
export const PASSWORD = 'a password for the bench'
/** The floor looks its session up under this. */
export const FLOOR_ID_HASH = createHash('sha256').update('floor').digest('base64url')

const SHOPS = ['Mercearia', 'Padaria', 'Talho', 'Mercado']

/** The accounts of the measurements: one with 20 items, one with 30, and guests with none. */
export async function fillOwn(url: string): Promise<void> {
  const db = await mysql.createConnection(url)
  const hash = await argon2.hash(PASSWORD, { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
  for (const [id, email, count] of [
    [1, EMAIL, 20],
    [2, PHONE_EMAIL, 30],
    ...GUESTS.map((email, n) => [3 + n, email, 0] as const)
  ] as const) {
    await db.execute('insert into clientes (id_cliente, nome, email, password, email_key) values (?, ?, ?, ?, ?)', [
      id,
      'Ana Martins',
      email,
      hash,
      email
    ])
    await insertItems(db, count, () => id)
  }
  const now = Date.now()
  await db.execute(
    `insert into sessions (id_hash, customer_id, created_at, last_seen_at, expires_at, made_on, user_agent, address)
     values (?, 1, ?, ?, ?, 'floor', 'floor', '127.0.0.1')`,
    [FLOOR_ID_HASH, now, now, now + 86_400_000]
  )
  await db.end()
}

/** The same 20 items, and the floor's session, for the account that signed up there. */
export async function fillPostgres(url: string): Promise<void> {
  const db = new pg.Client({ connectionString: url })
  await db.connect()
  const { rows } = await db.query('select id_cliente from clientes where email = $1', [EMAIL])
  const id = rows[0].id_cliente
  for (let n = 0; n < 20; n++) {
    await db.query('insert into compras (id_cliente, tipo, quantidade, local) values ($1, $2, $3, $4)', [
      id,
      `Produto número ${n}`,
      1 + (n % 12),
      SHOPS[n % SHOPS.length]
    ])
  }
  const now = Date.now()
  await db.query(
    `insert into sessions (id_hash, customer_id, created_at, last_seen_at, expires_at, made_on, user_agent, address)
     values ($1, $2, $3, $3, $4, 'floor', 'floor', '127.0.0.1')`,
    [FLOOR_ID_HASH, id, now, now + 86_400_000]
  )
  await db.end()
}

const insertItems = (db: Connection, count: number, customer: (n: number) => number) =>
  insertRows(db, 'compras (id_cliente, tipo, quantidade, local)', count, n => [
    customer(n),
    `Produto número ${n}`,
    1 + (n % 12),
    SHOPS[n % SHOPS.length] ?? ''
  ])

async function insertRows(db: Connection, into: string, count: number, row: (n: number) => unknown[]): Promise<void> {
  const batch = 5000
  for (let from = 0; from < count; from += batch) {
    const rows = Array.from({ length: Math.min(batch, count - from) }, (_, i) => row(from + i))
    await db.query(`insert into ${into} values ?`, [rows])
  }
}
