package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"clearwell/lineage/keys"
	"clearwell/pipeline"
)

func (a *app) keysCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "keys",
		Short: "Make, import and list keys; secrets are never printed",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withKeys(func(s *keys.Store) error { return a.listKeys(c, s) })
		},
	}
	var file string
	create := &cobra.Command{
		Use:   "create NAME",
		Short: "Make a random secret for pseudonyms",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withKeys(func(s *keys.Store) error {
				info, err := s.CreateSecret(args[0])
				return a.printKey(c, info, err)
			})
		},
	}
	imported := &cobra.Command{
		Use:   "import NAME --file FILE",
		Short: "Take a secret for pseudonyms from a file, byte for byte",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withKeys(func(s *keys.Store) error {
				info, err := s.ImportSecret(args[0], file)
				return a.printKey(c, info, err)
			})
		},
	}
	imported.Flags().StringVar(&file, "file", "", "the file that holds the secret")
	imported.MarkFlagRequired("file")
	list := &cobra.Command{
		Use:   "list",
		Short: "List the keys of the workspace",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withKeys(func(s *keys.Store) error { return a.listKeys(c, s) })
		},
	}
	c.AddCommand(create, imported, list)
	return c
}

func (a *app) withKeys(do func(*keys.Store) error) error {
	ws, err := a.load()
	if err != nil {
		return err
	}
	s, err := keys.Open(filepath.Join(ws.Root, pipeline.KeysDir))
	if err != nil {
		return err
	}
	return do(s)
}

func (a *app) printKey(c *cobra.Command, info keys.Info, err error) error {
	if err != nil {
		return err
	}
	if a.json {
		return printJSON(c, info)
	}
	fmt.Fprintf(c.OutOrStdout(), "key %s is there; id %s\n", info.Name, info.ID)
	return nil
}

func (a *app) listKeys(c *cobra.Command, s *keys.Store) error {
	list, err := s.List()
	if err != nil {
		return err
	}
	if a.json {
		return printJSON(c, list)
	}
	t := newTable("NAME", "KIND", "ID")
	for _, k := range list {
		t.add(k.Name, k.Kind, k.ID)
	}
	t.print(c.OutOrStdout())
	return nil
}
