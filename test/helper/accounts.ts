import { pbkdf2Sync } from 'node:crypto'
import type { TestDatabase } from './databases.ts'
import { newAccount } from './visitors.ts'

/** The number of the account with this e-mail. */
export const idOf = async (database: TestDatabase, email: string) => {
  const [row] = await database.query(`select id_cliente from clientes where email = '${email}'`)
  return Number(row?.id_cliente)
}

/** As the guide's Flask application stores it. */
export async function flaskAccount(database: TestDatabase) {
  const account = newAccount()
  const hash = pbkdf2Sync(account.password, 'c2FsdHNhbHQ', 1000, 32, 'sha256').toString('hex')
  await database.query(
    `insert into clientes (nome, email, password) values ('${account.name}', '${account.email}', 'pbkdf2:sha256:1000$c2FsdHNhbHQ$${hash}')`
  )
  const id = await idOf(database, account.email)
  await database.query(
    `insert into compras (id_cliente, tipo, quantidade, local) values (${id}, 'pão', 2, 'padaria'), (${id}, 'leite', 1, 'mercado')`
  )
  return { ...account, id }
}
