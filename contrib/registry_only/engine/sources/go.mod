module portico.local/sources

go 1.26
