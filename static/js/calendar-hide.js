// Before anything is drawn: names that were hidden stay hidden on the next page.

if (sessionStorage.getItem("hide-names") === "yes") document.documentElement.classList.add("hide-names");
