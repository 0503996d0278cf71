/* capsule.h: the one piece of C here that knows Python: what runs when a capsule of the Arrow protocol dies.
 *
 * Contract: the capsule's context is a function, which gets the capsule's pointer. It may run Python code, and a capsule may
 * die while an exception is on its way up, so that one is put aside meanwhile.
 */
static void tm_capsule_destroy(void *capsule)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    void (*release)(void *) = (void (*)(void *))PyCapsule_GetContext(capsule);
    release(PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule)));
    PyErr_Restore(type, value, traceback);
}
