/** What the page says and asks: one line at the bottom, a question with an answer, a file's text. Path: site.ts. */

const byId = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E

export function say(text: string, isProblem = false): void {
  const line = byId('said')
  line.textContent = text
  line.classList.toggle('problem', isProblem)
}

/** Does something, and says why when it cannot be done. */
export async function attempt(what: () => unknown): Promise<void> {
  try {
    await what()
  } catch (error) {
    say((error as Error).message, true)
  }
}

/** Shows a dialog until it is closed, and returns the button's value. */
function answered(dialog: HTMLDialogElement): Promise<string> {
  dialog.returnValue = ''
  dialog.showModal()
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue), { once: true })
  })
}

/** The text that a person answers with, or null. */
export async function ask(question: string, proposal: string): Promise<string | null> {
  const input = byId<HTMLInputElement>('question-input')
  byId('question-text').textContent = question
  input.hidden = false
  input.value = proposal
  return (await answered(byId('question'))) === 'yes' ? input.value : null
}

export async function confirmed(question: string): Promise<boolean> {
  byId('question-text').textContent = question
  byId('question-input').hidden = true
  return (await answered(byId('question'))) === 'yes'
}

/** The text as a person leaves it, or null. */
export async function edited(name: string, text: string): Promise<string | null> {
  const area = byId<HTMLTextAreaElement>('editor-text')
  byId('editor-name').textContent = name
  area.value = text
  return (await answered(byId('editor'))) === 'save' ? area.value : null
}
