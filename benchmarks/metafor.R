# metafor's side. Arguments: folder of tables, fits of 13 studies, fits of 1,000, subsets timed, permutations timed.
# Prints one line per task: name, seconds per whole task, how much of the task was run, how large the task is.
suppressMessages(library(metafor))
given <- commandArgs(TRUE)
count <- as.integer(given[-1])
table_of <- function(name) read.csv(file.path(given[1], paste0(name, ".csv")))
seconds <- function(code) system.time(code)[["elapsed"]]
say <- function(name, per_task, run, size) cat(name, format(per_task, digits = 15), run, size, "\n")

bcg <- table_of("bcg"); large <- table_of("large"); fifty <- table_of("fifty")
invisible(rma(yi, vi, data = bcg))
say("single", seconds(for (i in seq_len(count[1])) rma(yi, vi, data = bcg)) / count[1], count[1], 1)
say("large", seconds(for (i in seq_len(count[2])) rma(yi, vi, data = large)) / count[2], count[2], 1)

# A sample of subsets, spread evenly over all; scoring that does not converge counts with the time it took.
chosen <- unique(round(seq(1, 8191, length.out = count[3])))
fit_subset <- function(number) {
  try(suppressWarnings(rma(yi, vi, data = bcg[bitwAnd(number, 2^(0:12)) > 0, ])), silent = TRUE)
}
say("subsets", seconds(lapply(chosen, fit_subset)) * 8191 / length(chosen), length(chosen), 8191)

res <- rma(yi, vi, mods = ~ x, data = fifty)
taken <- seconds(permutest(res, iter = count[4], progbar = FALSE))
say("permutations", taken * 10000 / count[4], count[4], 10000)
