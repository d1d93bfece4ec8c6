// What spacelet cannot do without: a program that is linked to the same shared libraries and does nothing.
int main() { return 0; }
