// The strip: a fixed number of cells, filled in the order of sending. When it is full its oldest line goes.

/** Half a minute: three lines of 40 on a wide screen, six of 20 on a phone. */
const cells = 120
const line = 40
const half = 20

const span = className => Object.assign(document.createElement('span'), { className })

function newCell() {
  const cell = span('cell')
  cell.append(span('mark'), span('mark node'))
  return cell
}

const show = (element, { text, colour }) => {
  element.textContent = text
  element.dataset.colour = colour
}

export function createStrip(element) {
  let at = 0
  element.replaceChildren(...Array.from({ length: cells }, newCell))

  return {
    /** The next cell, for a question that was sent. */
    take() {
      if (at === cells) {
        for (const old of [...element.children].slice(0, line)) old.remove()
        element.append(...Array.from({ length: line }, newCell))
        at -= line
      }
      const cell = element.children[at]
      if (at % half < 5) cell.classList.add('early')
      at += 1
      cell.classList.add('asked')
      return cell
    },
    answer(cell, server, node) {
      cell.classList.remove('asked')
      show(cell.firstChild, server)
      if (node) show(cell.lastChild, node)
      else show(cell.lastChild, { text: '✕', colour: 'bad' })
    },
    fail(cell) {
      cell.classList.remove('asked')
      for (const mark of cell.children) show(mark, { text: '✕', colour: 'bad' })
    },
    /** At the cell with which a gap ended. */
    label(cell, text) {
      cell.querySelector('.label')?.remove()
      cell.append(Object.assign(span('label'), { textContent: text }))
    },
    unlabel(cell) {
      cell.querySelector('.label')?.remove()
    },
    /** Questions that nobody waits for any more, as the page was paused. */
    drop() {
      for (const cell of element.querySelectorAll('.asked')) {
        cell.classList.remove('asked')
        cell.firstChild.textContent = '·'
      }
    },
    clear() {
      at = 0
      element.replaceChildren(...Array.from({ length: cells }, newCell))
    }
  }
}
