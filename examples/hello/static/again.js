// Asks the application again and counts which replica answered how often. The page is complete without it.
const row = document.querySelector(".again");
const button = row.querySelector("button");
const tally = row.querySelector("output");
const answers = new Map();

button.addEventListener("click", async () => {
  try {
    const response = await fetch(button.dataset.whoami);
    if (!response.ok) throw new Error(`status ${response.status}`);
    const facts = await response.json();
    for (const cell of document.querySelectorAll("[data-fact]")) {
      cell.textContent = facts[cell.dataset.fact];
    }
    answers.set(facts.replica, (answers.get(facts.replica) ?? 0) + 1);
    tally.textContent = [...answers].map(([replica, count]) => `replica ${replica}: ${count}`).join(", ");
  } catch (error) {
    tally.textContent = `No answer: ${error.message}`;
  }
});

row.hidden = false;
